// How long each section of the report was really before somebody's eyes: on the screen of a page that is
// visible, focused and in use. Tells the server every `data.every` seconds, and once when the page is left.
// Nothing else is looked at: neither keys nor positions of the pointer.

const TICK = 500; // ms between two looks
const INPUT = ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"];
const STEPS = [0, 0.1, 0.25, 0.5, 0.75, 1];
const MUCH = 0.5; // of the section, or of the window, must be on the screen

let reading = null; // one page, one reader

export default function ({ data, setTriggerValue }) {
  reading ??= new Reading();
  reading.follow(data, (seconds) => setTriggerValue("read", seconds));
  return () => {
    reading?.stop();
    reading = null;
  };
}

class Reading {
  constructor() {
    this.milliseconds = {}; // by section, not told yet
    this.onScreen = new Set();
    this.watched = new Map(); // section: its element, which React may replace
    this.usedAt = this.lookedAt = this.toldAt = performance.now();
    this.sight = new IntersectionObserver((seen) => this.see(seen), { threshold: STEPS });
    this.stopping = new AbortController();
    this.listen(this.stopping.signal);
    this.timer = setInterval(() => this.look(), TICK);
  }

  listen(signal) {
    const used = (event) => event.isTrusted && (this.usedAt = performance.now());
    const left = () => {
      this.look();
      this.tell();
    };
    for (const name of INPUT) window.addEventListener(name, used, { signal, passive: true, capture: true });
    document.addEventListener("visibilitychange", left, { signal });
    for (const name of ["blur", "pagehide"]) window.addEventListener(name, left, { signal });
  }

  follow(data, send) {
    Object.assign(this, { data, send });
  }

  stop() {
    clearInterval(this.timer);
    this.stopping.abort();
    this.sight.disconnect();
  }

  look() {
    const now = performance.now();
    const passed = Math.min(now - this.lookedAt, 4 * TICK); // a machine that slept read nothing
    this.lookedAt = now;
    this.find();
    const idle = now - this.usedAt > this.data.idle * 1000;
    if (document.visibilityState === "visible" && document.hasFocus() && !idle)
      for (const name of [this.data.whole, ...this.onScreen])
        this.milliseconds[name] = (this.milliseconds[name] ?? 0) + passed;
    if (now - this.toldAt >= this.data.every * 1000) this.tell();
  }

  find() {
    for (const name of this.data.sections) {
      const element = document.querySelector(`.st-key-section-${name}`);
      const before = this.watched.get(name);
      if (element === (before ?? null)) continue;
      if (before) this.sight.unobserve(before);
      this.onScreen.delete(name);
      this.watched.delete(name);
      if (element) {
        this.watched.set(name, element);
        this.sight.observe(element);
      }
    }
  }

  see(seen) {
    for (const one of seen) {
      const height = one.rootBounds?.height ?? window.innerHeight;
      const much = one.intersectionRatio >= MUCH || one.intersectionRect.height >= MUCH * height;
      for (const [name, element] of this.watched)
        if (element === one.target) this.onScreen[one.isIntersecting && much ? "add" : "delete"](name);
    }
  }

  tell() {
    this.toldAt = performance.now();
    const seconds = {};
    for (const [name, milliseconds] of Object.entries(this.milliseconds)) {
      if (milliseconds < 1000) continue;
      seconds[name] = Math.floor(milliseconds / 1000);
      this.milliseconds[name] = milliseconds % 1000;
    }
    if (Object.keys(seconds).length) this.send(seconds);
  }
}
