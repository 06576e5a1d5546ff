"""The Content-Security-Policy that a page gives itself."""

from __future__ import annotations

import base64
import hashlib

from reportgen.document.environment import content_security_policy


def rules(html: str) -> dict[str, list[str]]:
    parts = (rule.split() for rule in content_security_policy(html).split(";"))
    return {name: values for name, *values in parts}


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_styles_and_scripts_are_known_by_the_hash_of_every_character_between_the_tags() -> None:
    page = (
        '<style>\n p { } ß</style><p>x</p><style media="screen">b</style><script>\nlet a = "<p>"\n</script>'
    )
    found = rules(page)
    assert found["style-src"] == [digest("\n p { } ß"), digest("b")]
    assert found["script-src"] == [digest('\nlet a = "<p>"\n')]


def test_everything_else_is_forbidden() -> None:
    found = rules("<p>no style</p>")
    assert found["default-src"] == found["base-uri"] == found["form-action"] == ["'none'"]
    assert found["img-src"] == found["font-src"] == ["data:"]
    assert "script-src" not in found
    assert "unsafe" not in str(found)
