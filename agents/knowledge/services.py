"""What people do with knowledge: write an answer down, bring a document or a page, read it again, take it away.

Each function works inside the active tenant. Reading happens in a task: what was known before stays known until the
new text is there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.utils.timezone import now

from agentos import outgoing
from agentos.errors import DomainError
from agentos.jobs import enqueue
from agentos.tenants.credentials import vendor_keys
from agentos.tenants.models import User
from agents.knowledge import vectors, words
from agents.knowledge.passages import Passage, cut
from agents.knowledge.reading import MOST_BYTES, READERS, Section, read_file, read_page
from agents.knowledge.search import Found, configuration, find
from agents.models import KnowledgeGap, KnowledgePassage, KnowledgeSource
from agents.providers.embeddings.openai import OpenAIEmbedder
from agents.providers.llm.openai_client import close_clients
from agents.providers.ports import Endpoint, ProviderError

MOST_SOURCES = 1_000
PAGE_WITHIN_S = 20.0
MEANING_WITHIN_S = 5.0
MOST_BYTES_OF_A_PAGE = 5 * 2**20

log = structlog.get_logger(__name__)
Kind, Status = KnowledgeSource.Kind, KnowledgeSource.Status


def write_answer(
    *, question: str, answer: str, agent_id: UUID | None, language: str, by: User, source_id: int | None = None
) -> KnowledgeSource:
    """Write an answer down, or better; it is known at once."""
    source = KnowledgeSource.objects.filter(kind=Kind.ANSWER).get(pk=source_id) if source_id else _new(Kind.ANSWER, by)
    source.title, source.answer, source.agent_id, source.language = question, answer, agent_id, language
    source.save()
    _know(source, [Passage(question[:200], answer)])
    return source


def bring_document(*, name: str, content: bytes, agent_id: UUID | None, language: str, by: User) -> KnowledgeSource:
    """Take a file in; it is read behind the page. Raises DomainError for one that nobody could read."""
    ending = name.lower()[name.rfind(".") :] if "." in name else ""
    if ending not in READERS or len(content) > MOST_BYTES or not content:
        read_file(name, content)  # says what is wrong
    source = _new(Kind.DOCUMENT, by)
    source.title = source.file_name = name[-200:]
    source.agent_id, source.language, source.upload = agent_id, language, content
    source.save()
    enqueue("agents.tasks.read_source", source.pk)
    return source


def bring_page(*, url: str, agent_id: UUID | None, language: str, by: User) -> KnowledgeSource:
    """Take the address of a page in; it is read behind ours. Raises DomainError for one that is not asked."""
    source = _new(Kind.PAGE, by)
    source.title, source.url, source.agent_id, source.language = url[:200], _checked(url), agent_id, language
    source.save()
    enqueue("agents.tasks.read_source", source.pk)
    return source


def _checked(url: str) -> str:
    try:
        return outgoing.check_url(url)
    except outgoing.OutgoingError as error:
        raise DomainError(error.code, error.message) from error


def read_again(source_id: int) -> None:
    """Read a page once more. What was known of it stays known until then."""
    KnowledgeSource.objects.filter(pk=source_id, kind=Kind.PAGE).update(status=Status.READING)
    enqueue("agents.tasks.read_source", source_id)


def _new(kind: KnowledgeSource.Kind, by: User) -> KnowledgeSource:
    if KnowledgeSource.objects.count() >= MOST_SOURCES:
        raise DomainError("too_many", f"There are {MOST_SOURCES:,} entries already. Remove some, or join them.")
    return KnowledgeSource(kind=kind, created_by=by)


def pages_to_read_again() -> list[int]:
    """The pages of the tenant, for the night; also those that were away when they were last asked."""
    pages = KnowledgeSource.objects.filter(kind=Kind.PAGE).exclude(status=Status.READING)
    return list(pages.values_list("pk", flat=True))


def read(source_id: int) -> None:
    """Read a source that is waiting for it. Repeating it reads it once; a failure is kept with its reason."""
    waiting = KnowledgeSource.objects.select_for_update(skip_locked=True).filter(pk=source_id, status=Status.READING)
    source = waiting.first()
    if source is None:
        return
    try:
        sections = _sections(source)
    except DomainError as error:
        fail(source_id, error.message)
        return
    _know(source, cut(sections))


def _sections(source: KnowledgeSource) -> Sequence[Section]:
    if source.kind == Kind.PAGE:
        title, sections = read_page(_fetched(source.url))
        source.title = title[:200] or source.title
        return sections
    if source.upload is None:
        raise DomainError("gone", "The file is gone. Please bring it again.")
    return read_file(source.file_name, bytes(source.upload))


def _fetched(url: str) -> bytes:
    """The page at an address that somebody else chose. Raises DomainError when it is not to be had."""
    try:
        answer = outgoing.request(
            "GET", url, within_s=PAGE_WITHIN_S, most_bytes=MOST_BYTES_OF_A_PAGE, purpose="knowledge"
        )
    except outgoing.OutgoingError as error:
        raise DomainError(error.code, error.message) from error
    if 300 <= answer.status < 400:
        leads_to = answer.headers.get("location", "")[:150]
        raise DomainError("moved", f"The page has moved to {leads_to or 'another address'}. Please add that one.")
    if not answer.is_success:
        raise DomainError("refused", f"The page answers with {answer.status}.")
    kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    if kind not in ("text/html", "application/xhtml+xml", "text/plain"):
        raise DomainError("unknown_kind", "This address holds no page. Please bring a document as a file.")
    return answer.body


def fail(source_id: int, problem: str) -> None:
    """Say why a source was not read. What was known of a page before stays known."""
    KnowledgeSource.objects.filter(pk=source_id, status=Status.READING).update(
        status=Status.FAILED, problem=problem[:300], upload=None
    )


def remove(source_id: int) -> None:
    KnowledgeSource.objects.filter(pk=source_id).delete()


def look_up(question: str, *, agent_id: UUID, language: str) -> list[Found]:
    """What an agent finds when it takes its time: by words, and by meaning where that is measured."""
    endpoint = vector_endpoint()
    meaning = meaning_of(question, endpoint, MEANING_WITHIN_S) if endpoint else ()
    return find(question, agent_id=agent_id, language=language, meaning=meaning)


def vector_endpoint() -> Endpoint | None:
    """Where meaning is measured, if this database keeps it."""
    return embedding_endpoint() if vectors.are_kept() else None


def meaning_of(question: str, endpoint: Endpoint, within_s: float) -> Sequence[float]:
    """The vector of a question; empty where the vendor does not give it in time."""
    try:
        return asyncio.run(_embedded([question], endpoint, within_s))[0]
    except ProviderError as error:
        log.warning("a question has no vector", code=error.code)
        return ()


def note_gap(question: str, *, agent_id: UUID, call_id: UUID) -> None:
    """Collect a question to which nothing was found. One that was closed opens again only when it is asked again."""
    key = " ".join(re.findall(r"\w+", question.lower()))[:300]
    if not key:
        return
    gap, is_new = KnowledgeGap.objects.get_or_create(
        agent_id=agent_id, key=key, defaults={"question": question[:300], "last_call": call_id}
    )
    if not is_new and gap.last_call != call_id:
        gap.times, gap.last_call, gap.last_at, gap.closed_at = gap.times + 1, call_id, now(), None
        gap.save(update_fields=["times", "last_call", "last_at", "closed_at"])


def close_gap(gap_id: int) -> None:
    """It was answered, or nobody needs to."""
    KnowledgeGap.objects.filter(pk=gap_id, closed_at=None).update(closed_at=now())


@transaction.atomic
def _know(source: KnowledgeSource, passages: Sequence[Passage]) -> None:
    """Put these passages in the place of the old ones."""
    source.passages.all().delete()
    rows = [
        KnowledgePassage(source=source, index=index, heading=each.heading, text=each.text)
        for index, each in enumerate(passages)
    ]
    KnowledgePassage.objects.bulk_create(rows, batch_size=500)
    dictionary = configuration(source.language)
    weighted = SearchVector("heading", weight="A", config=dictionary) + SearchVector("text", config=dictionary)
    KnowledgePassage.objects.filter(source=source).update(words=weighted)
    words.write(source.pk)
    source.status, source.problem, source.upload, source.read_at = Status.READY, "", None, now()
    source.characters, source.embedded_by = sum(len(each.text) for each in passages), ""
    source.save()
    if embedding_endpoint() and vectors.are_kept():
        enqueue("agents.tasks.embed_source", source.pk)


def embedding_endpoint() -> Endpoint | None:
    """Where meaning is measured, with the tenant's own key where there is one; None where nobody does."""
    vendor, own = settings.VENDORS["openai"], settings.EMBEDDING_BASE_URL
    key = vendor_keys().get("openai") or vendor["api_key"]
    if not (key or own):
        return None
    return Endpoint(api_key=key, base_url=own or vendor["base_url"])


def embed(source_id: int) -> None:
    """Measure the meaning of a source's passages. Without it they are found by their words."""
    endpoint = embedding_endpoint()
    passages = list(KnowledgePassage.objects.filter(source=source_id).order_by("index"))
    if endpoint is None or not passages or not vectors.are_kept():
        return
    texts = ["\n".join(filter(None, (each.heading, each.text))) for each in passages]
    try:
        found = asyncio.run(_embedded(texts, endpoint))
    except ProviderError as error:
        log.warning("passages have no vectors yet", source_id=source_id, code=error.code)
        raise
    vectors.store(dict(zip((each.pk for each in passages), found, strict=True)))
    KnowledgeSource.objects.filter(pk=source_id).update(embedded_by=settings.EMBEDDING_MODEL)


async def _embedded(texts: Sequence[str], endpoint: Endpoint, within_s: float = 20.0) -> list[list[float]]:
    try:
        return await OpenAIEmbedder(settings.EMBEDDING_MODEL, vectors.DIMENSIONS, endpoint).embed(texts, within_s)
    finally:
        await close_clients()
