{{ config(materialized='table', grants={'select': ['pg_monitor'] if var('readers', 1) == 1 else ['pg_read_all_stats']}) }}
select 1 as one
