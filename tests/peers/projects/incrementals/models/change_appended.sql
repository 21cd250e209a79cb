{{ config(materialized='incremental', on_schema_change='append_new_columns', unique_key='id') }}
select id {% if var('step') > 1 %}, note, {{ var('step') }}.5 as half{% else %}, amount{% endif %} from {{ ref('events') }}
