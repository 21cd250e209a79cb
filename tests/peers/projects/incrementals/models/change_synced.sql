{{ config(materialized='incremental', on_schema_change='sync_all_columns', incremental_strategy='append') }}
select id {% if var('step') > 1 %}, note, amount, {{ var('step') }} as extra{% else %}, amount, kind{% endif %} from {{ ref('events') }}
