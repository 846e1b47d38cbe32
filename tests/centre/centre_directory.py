"""The account directory of the centre's tests: Ada has an account in each product, linked; nobody else has any."""

from demur.core.account import Account

ADAS_ACCOUNTS = [Account("lumen:p0000001", "lumen", "ada"), Account("agora:p0000001", "agora", "ada.lisbon")]


class Directory:
    def find_accounts(self, handle: str) -> list[Account]:
        known = {account.handle for account in ADAS_ACCOUNTS}
        return ADAS_ACCOUNTS if handle in known else []
