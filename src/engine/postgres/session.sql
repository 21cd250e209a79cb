-- Run once on every connection: texts come in one form whatever the server's or the role's settings are, and the
-- server finds out soon that we have gone (from Postgres 14 on).
set datestyle = 'ISO, YMD';
set intervalstyle = 'postgres';
set timezone = 'UTC';
set extra_float_digits = 3;
set bytea_output = 'hex';
set standard_conforming_strings = on;
set statement_timeout = 0;
set idle_in_transaction_session_timeout = 0;
select pg_catalog.set_config(name, '5000', false)
from pg_catalog.pg_settings
where name = 'client_connection_check_interval';
