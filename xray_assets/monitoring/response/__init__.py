"""What is done about a day's evidence: levels, alerts, escalation, orders of review, people's acts.

Every row of gold.monitoring_record is an event. The state is what they add up to (`state.summed`),
`respond` says which come next, and both are pure; `record` reads and adds rows, `carry_out` gives
orders and sends alerts.
"""
