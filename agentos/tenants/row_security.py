"""Row-level security for tenant tables, as a migration operation."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation

POLICY = "tenant_only"
_MINE = "tenant_id = nullif(current_setting('app.tenant', true), '')::bigint"


class ProtectTenantRows(Operation):
    """Let a table show and take only rows of the tenant in `app.tenant`; its owner is bound, too."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The state of the models does not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = self._table(app_label, schema_editor, to_state)
        schema_editor.execute(f"alter table {table} enable row level security")
        schema_editor.execute(f"alter table {table} force row level security")
        schema_editor.execute(f"create policy {POLICY} on {table} using ({_MINE}) with check ({_MINE})")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = self._table(app_label, schema_editor, from_state)
        schema_editor.execute(f"drop policy {POLICY} on {table}")
        schema_editor.execute(f"alter table {table} no force row level security")
        schema_editor.execute(f"alter table {table} disable row level security")

    def describe(self) -> str:
        return f"Protect the rows of {self.model_name} by tenant"

    @property
    def migration_name_fragment(self) -> str:
        return f"protect_{self.model_name.lower()}"

    def _table(self, app_label: str, schema_editor: Any, state: Any) -> str:
        name: str = state.apps.get_model(app_label, self.model_name)._meta.db_table
        quoted: str = schema_editor.quote_name(name)
        return quoted
