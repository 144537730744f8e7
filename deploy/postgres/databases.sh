#!/bin/sh
# Run once by the image of PostgreSQL, in a database server that is new: the role that owns both databases is no superuser.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$DATABASE_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role studybuddy login createrole password :'password';
create database studybuddy owner studybuddy;
create database dagster owner studybuddy;
\connect studybuddy
create extension vector;
SQL
