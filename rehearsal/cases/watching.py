"""What cases wait for: messages, decisions, states; and what a person does meanwhile."""

from rehearsal.stage import Stage


def paged(stage: Stage, *texts: str) -> bool:
    """Say whether some page has all the texts."""
    return _sent(stage, "-pages", texts)


def updated(stage: Stage, *texts: str) -> bool:
    """Say whether some update has all the texts."""
    return _sent(stage, "-updates", texts)


def _sent(stage: Stage, topic: str, texts: tuple[str, ...]) -> bool:
    return any(
        one.topic.endswith(topic) and all(text in one.subject + one.body for text in texts)
        for one in stage.aws.messages
    )


def decided(stage: Stage, text: str) -> bool:
    """Say whether some record's reason has the text."""
    return any(text in str(item.get("why", "")) for item in stage.table())


def looked_at(stage: Stage, scenario: str) -> bool:
    """Say whether an incident of the scenario has been looked at."""
    return any(item["pk"].startswith(f"record#{scenario}-") for item in stage.table())


def resolved(stage: Stage, scenario: str) -> bool:
    """Say whether an incident of the scenario has ended; who was told nothing gets no update of it."""
    return any(
        item["pk"].startswith(f"record#{scenario}-") and item.get("decided") == "Resolve"
        for item in stage.table()
    )


def act(stage: Stage, *fixes: str) -> None:
    """Let the fixes act, as a person does who trusts them: prod.toml ships most of them as propose."""
    for fix in fixes:
        stage.set_parameter(f"modes/{fix}", "act")
