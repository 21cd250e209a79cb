create schema if not exists {{ home }}
