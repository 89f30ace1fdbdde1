"""Settings: read once, checked at the start, secrets never printed."""

import stat
import traceback

import pytest

from lib import config
from lib.config import SettingsRefused


def load(tmp_path, **environment):
    return config.load({"VITRINE_DATA": str(tmp_path / "data"), **environment})


def test_everything_has_a_default_inside_the_data_folder(tmp_path):
    settings = load(tmp_path)
    assert settings.base_url == "http://127.0.0.1:8501"
    assert settings.records.text == f"sqlite:///{tmp_path}/data/records.sqlite"
    assert settings.events == f"duckdb:{tmp_path}/data/events"


def test_the_secret_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    first, second = load(tmp_path), load(tmp_path)
    assert first.secret_key.text == second.secret_key.text
    assert len(first.secret_key.text) >= 43
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600


def test_a_short_secret_key_is_refused(tmp_path):
    with pytest.raises(SettingsRefused, match="VITRINE_SECRET_KEY"):
        load(tmp_path, VITRINE_SECRET_KEY="short")


def test_secrets_never_print(tmp_path):
    settings = load(
        tmp_path,
        VITRINE_SMTP="smtp://me:canary-smtp@mail.example:587",
        VITRINE_ADMIN_PASSWORD="canary-admin",
        VITRINE_RECORDS="postgresql+psycopg://me:canary-db@db/vitrine",
    )
    assert "canary" not in f"{settings!r} {settings} {settings.smtp} {settings.secret_key!r}"
    assert settings.secret_key.text not in repr(settings)


SLIPS = (  # a mistyped scheme, a port, and passwords with signs that end the address
    "smpt://me:canary@mail.example:587",
    "smtp://me:canary@mail.example:canary",
    "smtp://me:canary/canary@mail.example",
    "smtp://me:25/canary@mail.example",
    "smtp://me:25#canary@mail.example",
    "smtp://me:[canary@mail.example",
    "smtp://me:canary\u2100@mail.example",
    "canary",
)


@pytest.mark.parametrize("in_the_file", [False, True])
@pytest.mark.parametrize("slip", SLIPS)
def test_a_mistyped_secret_is_refused_by_name_and_never_shown(tmp_path, slip, in_the_file):
    if in_the_file:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "vitrine.toml").write_text(f'smtp = "{slip}"\n')
    with pytest.raises(SettingsRefused, match="VITRINE_SMTP: this value cannot be used") as refusal:
        load(tmp_path, **({} if in_the_file else {"VITRINE_SMTP": slip}))
    assert "canary" not in "".join(traceback.format_exception(refusal.value))
    assert refusal.value.__cause__ is None


def test_a_file_that_is_no_toml_is_refused_without_its_words(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "vitrine.toml").write_text("admin_password = canary\n")
    with pytest.raises(SettingsRefused, match=r"vitrine\.toml") as refusal:
        load(tmp_path)
    assert "canary" not in "".join(traceback.format_exception(refusal.value))
    assert refusal.value.__cause__ is None


def test_proxies_are_addresses_and_networks(tmp_path):
    settings = load(tmp_path, VITRINE_TRUSTED_PROXIES="10.0.0.1/8, ::1")
    assert settings.trusted_proxies == ("10.0.0.1/8", "::1")


def test_a_data_folder_that_cannot_be_made_is_refused_by_name(tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SettingsRefused, match="VITRINE_DATA"):
        load(tmp_path)


def test_an_unknown_setting_stops_the_start_and_names_the_nearest(tmp_path):
    with pytest.raises(SettingsRefused, match="unknown setting VITRINE_SMPT; did you mean VITRINE_SMTP"):
        load(tmp_path, VITRINE_SMPT="smtp://mail.example")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("VITRINE_BASE_URL", "reports.example.com"),
        ("VITRINE_BASE_URL", "https://reports.example.com/vitrine"),
        ("VITRINE_BASE_URL", "https://reports.example.com:abc"),
        ("VITRINE_BASE_URL", "https://reports.example.com:0"),
        ("VITRINE_SMTP", "http://mail.example"),
        ("VITRINE_SMTP", "smtp://mail.example:abc"),
        ("VITRINE_SMTP", "smtp://mail.example:70000"),
        ("VITRINE_PASSWORD_MINIMUM", "7"),
        ("VITRINE_PASSWORD_MINIMUM", "65"),
        ("VITRINE_PASSWORD_MINIMUM", "eight"),
        ("VITRINE_TRUSTED_PROXIES", "10.0.0.1, proxy.example, 10.0.0.2"),
        ("VITRINE_TIMEZONE", "Mars/Olympus"),
        ("VITRINE_WORKER", "sometimes"),
        ("VITRINE_SAMPLES", "perhaps"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(tmp_path, name, text):
    with pytest.raises(SettingsRefused, match=name):
        load(tmp_path, **{name: text})


def test_the_environment_wins_over_the_file(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "vitrine.toml").write_text('port = 9000\nbrand = "Agency"\n')
    settings = load(tmp_path, PORT="9100")
    assert (settings.port, settings.brand) == (9100, "Agency")


def test_an_unknown_name_in_the_file_is_refused_with_the_files_name(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "vitrine.toml").write_text("bran = 'Agency'\n")
    with pytest.raises(SettingsRefused, match=r"vitrine\.toml: unknown setting bran; did you mean brand"):
        load(tmp_path)


def test_every_setting_is_described_in_the_manual():
    manual = (config.ROOT / "docs" / "operating.md").read_text()
    assert [name for name in config.names() if f"`{name}`" not in manual] == []
