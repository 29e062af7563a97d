from typing import Any

import pytest

from runbook.errors import FixError
from runbook.secret import bearer


class _Secrets:
    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def get_secret_value(self, **_: Any) -> dict[str, Any]:
        return self._answer


def test_a_token_comes_without_what_surrounds_it() -> None:
    assert bearer(_Secrets({"SecretString": " token-1\n"}), "prod/token") == "token-1"


@pytest.mark.parametrize(
    "held",
    [
        pytest.param({"SecretString": '{\n "token": "hidden"\n}'}, id="pretty-printed JSON"),
        pytest.param({"SecretString": "hidden\nhidden"}, id="two lines"),
        pytest.param({"SecretString": "Bearer hidden"}, id="two words"),
        pytest.param({"SecretString": "hidden\u00e9"}, id="not ASCII"),
        pytest.param({"SecretString": ""}, id="empty"),
        pytest.param({"SecretBinary": b"hidden"}, id="binary"),
    ],
)
def test_what_is_no_token_is_refused_and_not_shown(held: dict[str, Any]) -> None:
    with pytest.raises(FixError, match="the secret prod/token holds no token") as raised:
        bearer(_Secrets(held), "prod/token")

    assert "hidden" not in str(raised.value)
