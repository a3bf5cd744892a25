"""The stores of campaigns and automations."""

from functools import cached_property

from db.engine.store import Store
from db.marketing.automations import AutomationStore
from db.marketing.campaigns import CampaignStore
from db.marketing.results import ResultStore


class MarketingStores(Store):
    """Messages to many customers."""

    @cached_property
    def campaigns(self) -> CampaignStore:
        """One message to many customers."""
        return CampaignStore(self.session, self.context)

    @cached_property
    def automations(self) -> AutomationStore:
        """Messages that follow from an event."""
        return AutomationStore(self.session, self.context)

    @cached_property
    def results(self) -> ResultStore:
        """What became of the messages."""
        return ResultStore(self.session, self.context)
