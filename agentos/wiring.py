"""What an app asks of one above it, which it may not import: settings, each the dotted name of a function."""

# The one count of the lines of a business, and what callers hold of those of the carrier's account.
LINES_IN_USE = "campaigns.calling.attempts.lines_in_use"
TAKE_CARRIER_LINE = "campaigns.calling.lines.hold"
GIVE_BACK_CARRIER_LINE = "campaigns.calling.lines.give_back"

# Whether calls from a number leave by a trunk of the business's own, which has another price.
LEAVES_BY_TRUNK = "telephony.services.leaves_by_trunk"

# Told by a conversation in which somebody asks not to be called.
STOP_CALLS = "campaigns.people.optout.from_conversation"

# Asked to go along when what was said in calls is old enough, or is erased because somebody asks for it.
FORGET_OLD_BESIDE = "campaigns.forgetting.forget_old"
ERASE_BESIDE = "campaigns.forgetting.erase"

# Costs of a month beside those of calls with an agent, each as the page calls it.
OTHER_COSTS = {
    "Messages of campaigns, without an agent": "campaigns.calling.charging.cents_without_agent",
}

# Told what agents have used of vendors beside calls.
COUNT_TOKENS = "calls.after.beside.count_tokens"
COUNT_CHARACTERS = "calls.after.beside.count_characters"
