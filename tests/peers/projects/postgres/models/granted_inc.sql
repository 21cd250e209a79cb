{{ config(materialized='incremental', grants={'select': ['pg_monitor', 'pg_read_all_stats'] if var('readers', 1) == 1 else ['pg_read_all_stats']}) }}
select 1 as one
