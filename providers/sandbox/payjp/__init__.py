"""PAY.JP's two APIs, under ``/payjp/v1`` and ``/payjp/v2``: one account, one webhook token, one state file."""
