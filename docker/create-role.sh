#!/bin/sh
# The application's own role: it owns its database, and row-level security binds it. Run once, by the postgres image.
# Only a superuser may create the extension.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set password="$AGENTOS_DB_PASSWORD" <<'SQL'
create role agentos login nosuperuser nobypassrls password :'password';
create database agentos owner agentos;
\connect agentos
create extension vector;
SQL
