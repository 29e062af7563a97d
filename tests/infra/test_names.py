"""Alarms, rules and settings agree on names: a rule on an alarm that is not there is silent."""

from infra.environment import load
from infra.routes import rule_names
from synthesized import NAMES, Synthesized


def answered(stack: Synthesized) -> dict[str, set[str]]:
    """Return the alarm names of each scenario, as its rule has them."""
    root = stack.arn("cloudwatch", "alarm:")
    found: dict[str, set[str]] = {}
    folders = {
        stack.arn("lambda", f"function:{one['FunctionName']}"): folder
        for folder, one in stack.functions.items()
    }
    for rule in stack.rules.values():
        for arn in rule.get("EventPattern", {}).get("resources", []):
            if not arn.startswith(root):
                continue  # a service's own event
            (target,) = rule["Targets"]
            found.setdefault(folders[target["Arn"]], set()).add(arn.removeprefix(root))
    return found


def test_every_scenario_alarm_is_answered_by_its_own_function(stack: Synthesized) -> None:
    scenarios = [name for name in stack.alarms if name.split("/")[1] in stack.functions]
    expected: dict[str, set[str]] = {}
    for name in scenarios:
        expected.setdefault(name.split("/")[1], set()).add(name)

    for scenario, names in load(stack.environment).existing_alarms.items():
        expected[scenario] |= set(names)

    assert expected
    assert answered(stack) == expected


def test_a_scenario_knows_exactly_the_alarms_that_its_rule_answers(stack: Synthesized) -> None:
    for folder, names in answered(stack).items():
        assert set(stack.settings(folder)["alarms"]) == names


def test_patrol_knows_every_scenario_alarm_and_whose_it_is(stack: Synthesized) -> None:
    expected = {name: folder for folder, names in answered(stack).items() for name in names}

    assert stack.settings("patrol")["alarms"] == expected


def test_patrol_knows_the_target_of_every_scenario(stack: Synthesized) -> None:
    targets = {folder: stack.settings(folder)["targets"][folder] for folder in answered(stack)}

    assert stack.settings("patrol")["targets"] == targets


def test_a_scenario_calls_the_depth_good_below_the_alarms_threshold(stack: Synthesized) -> None:
    settings = stack.settings("worker_stuck")
    name = f"{stack.prefix}/worker_stuck/queue-depth"

    assert name in settings["alarms"]
    assert settings["queue_depth_alarm"] == stack.alarms[name]["Threshold"]


def test_the_list_of_rule_names_is_what_the_rules_are_called(stack: Synthesized) -> None:
    assert set(rule_names(load(stack.environment))) == set(stack.rules)


def test_everything_with_a_name_bears_the_environments_name(stack: Synthesized) -> None:
    named = {kind: field for kind, (_, field, _) in NAMES.items()}
    names = [
        resource["Properties"][named[resource["Type"]]]
        for resource in stack.resources.values()
        if resource["Type"] in named and resource["Type"] != "AWS::Logs::LogGroup"
    ]

    assert names
    assert [name for name in names if not name.startswith(stack.prefix)] == []


def test_every_log_group_is_where_pages_say_it_is(stack: Synthesized) -> None:
    environment = stack.settings("patrol")["environment"]
    for folder, function in stack.functions.items():
        assert function["LoggingConfig"]["LogGroup"] == f"/nightshift/{environment}/{folder}"


def test_a_teams_own_alarm_wakes_its_scenario_over_the_bus_and_directly(
    example: Synthesized,
) -> None:
    arn = example.arn("cloudwatch", "alarm:shop-queue-too-long")

    rule = example.rules[f"{example.prefix}-rule-worker-stuck-alarm"]
    callers = [
        one["SourceArn"]
        for one in example.of_type("AWS::Lambda::Permission").values()
        if one["Principal"] == "lambda.alarms.cloudwatch.amazonaws.com"
    ]

    assert arn in rule["EventPattern"]["resources"]
    assert callers == [arn]
    assert "shop-queue-too-long" in example.settings("worker_stuck")["alarms"]
