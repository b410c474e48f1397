"""What an agent finds of what the business has written: by words everywhere, by meaning where the database can."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from pytest_django import Settings

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents import tasks
from agents.knowledge import services, vectors
from agents.knowledge.search import Found, find
from agents.models import Agent, KnowledgeGap, KnowledgeSource
from tests import factories
from tests.doubles import Doubles
from tests.doubles.apart import doubles_apart

pytestmark = pytest.mark.django_db

Write = Callable[..., KnowledgeSource]
CALL, OTHER_CALL = UUID(int=1), UUID(int=2)


@pytest.fixture
def write(tenant: Tenant, owner: User) -> Iterator[Write]:
    def written(question: str, answer: str, agent: Agent | None = None, language: str = "en-US") -> KnowledgeSource:
        agent_id = agent.pk if agent else None
        return services.write_answer(question=question, answer=answer, agent_id=agent_id, language=language, by=owner)

    with tenant_transaction(tenant):
        yield written


def found(question: str, agent: Agent, language: str = "en-US") -> list[str]:
    return [each.title for each in find(question, agent_id=agent.pk, language=language)]


def test_a_question_in_other_words_finds_its_answer_first(write: Write, agent: Agent):
    write("Where can I park?", "There is parking behind the house, entrance on Fort Street.")
    write("Which insurances do you take?", "Delta Dental and Cigna. Please bring your card.")
    write("When are you open?", "Monday to Friday from 8 to 5.")

    assert found("um so is there any parking near your office", agent)[0] == "Where can I park?"
    assert found("do you accept Cigna insurance", agent)[0] == "Which insurances do you take?"


def test_nothing_is_found_rather_than_something_else(write: Write, agent: Agent):
    write("Where can I park?", "Behind the house.")

    assert found("do you whiten teeth with a laser for children under twelve", agent) == []
    assert found("", agent) == found("the of and", agent) == []


def test_yes_and_thank_you_look_nothing_up(write: Write, agent: Agent):
    write("Do you have a lift?", "Yes, please ask at the desk. Thank you.")

    assert not any(found(said, agent) for said in ("yes", "yes please", "thank you, no", "hello"))
    assert found("do you have a lift please", agent) == ["Do you have a lift?"]


def test_words_are_found_in_the_forms_of_their_language(write: Write, agent: Agent):
    write("¿Dónde puedo aparcar?", "Hay aparcamientos detrás de la casa.", language="es")

    assert found("hay algún aparcamiento cerca", agent, "es") == ["¿Dónde puedo aparcar?"]


def test_an_agent_knows_what_all_know_and_what_was_written_for_it(write: Write, agent: Agent, tenant: Tenant):
    night = factories.make_agent(tenant, "Night desk")
    write("Is there a night bell?", "The night bell is at the side door.", night)

    assert found("where is the night bell", night) == ["Is there a night bell?"]
    assert found("where is the night bell", agent) == []


def test_a_better_answer_replaces_the_old_one(write: Write, agent: Agent, owner: User):
    source = write("Where can I park?", "Behind the house.")
    services.write_answer(
        question="Where can I park?",
        answer="Parking is in the garage now.",
        agent_id=None,
        language="en-US",
        by=owner,
        source_id=source.pk,
    )

    (only,) = find("where is parking", agent_id=agent.pk, language="en-US")
    assert only.text == "Parking is in the garage now."


def test_what_was_forgotten_is_not_found(write: Write, agent: Agent):
    services.remove(write("Where can I park?", "Behind the house.").pk)

    assert found("where can I park", agent) == []


def test_a_question_asked_in_vain_is_collected_once_for_each_call(write: Write, agent: Agent):
    services.note_gap("Do you have a lift?", agent_id=agent.pk, call_id=CALL)
    services.note_gap("do you have a lift", agent_id=agent.pk, call_id=CALL)
    services.note_gap("Do you have a lift", agent_id=agent.pk, call_id=OTHER_CALL)

    gap = KnowledgeGap.objects.get()
    assert (gap.question, gap.times) == ("Do you have a lift?", 2)
    services.close_gap(gap.pk)
    services.note_gap("Do you have a lift?", agent_id=agent.pk, call_id=CALL)
    assert KnowledgeGap.objects.get().closed_at is None


# By meaning


@pytest.fixture
def vendor(settings: Settings) -> Iterator[Doubles]:
    with doubles_apart() as doubles:
        settings.VENDORS = settings.VENDORS | {"openai": {"api_key": "key", "base_url": doubles.url}}
        yield doubles


def by_meaning(agent: Agent, tenant: Tenant, question: str) -> list[Found]:
    with tenant_transaction(tenant):
        for source in KnowledgeSource.objects.all():
            services.embed(source.pk)
        return services.look_up(question, agent_id=agent.pk, language="en-US")


def test_a_question_without_a_common_word_is_found_by_its_meaning_where_vectors_are_kept(
    write: Write, agent: Agent, tenant: Tenant, vendor: Doubles
):
    write("Parking", "Parking is behind the house.")
    write("Insurance", "We take Delta Dental.")

    titles = [(each.title, each.by) for each in by_meaning(agent, tenant, "my car and its garage")]

    assert titles == ([("Parking", "meaning")] if vectors.are_kept() else [])
    embedded = set(KnowledgeSource.objects.values_list("embedded_by", flat=True))
    assert embedded == ({"text-embedding-3-small"} if vectors.are_kept() else {""})


def test_without_the_vendor_words_are_enough(write: Write, agent: Agent, tenant: Tenant, settings: Settings):
    settings.VENDORS = settings.VENDORS | {"openai": {"api_key": "key", "base_url": "http://127.0.0.1:9"}}
    write("Parking", "Parking is behind the house.")

    with tenant_transaction(tenant):
        found = services.look_up("where is parking", agent_id=agent.pk, language="en-US")

    assert [each.by for each in found] == ["words"]


# Documents


def test_a_document_is_read_in_a_task_and_its_file_is_not_kept(tenant: Tenant, owner: User, agent: Agent):
    with tenant_transaction(tenant):
        source = services.bring_document(
            name="house.md", content=b"# Parking\nBehind the house.", agent_id=None, language="en-US", by=owner
        )
        tasks.read_source.run(source.pk)

        read = KnowledgeSource.objects.get()
        assert (read.status, read.upload, read.characters) == ("ready", None, 17)
        assert found("where can I park", agent) == ["house.md"]


def test_a_document_that_cannot_be_read_says_why(tenant: Tenant, owner: User):
    with tenant_transaction(tenant):
        source = services.bring_document(
            name="scan.pdf", content=b"%PDF-1.4 and then nothing", agent_id=None, language="en-US", by=owner
        )
        tasks.read_source.run(source.pk)

        assert "damaged" in KnowledgeSource.objects.get().problem
