{{ config(materialized='incremental', on_schema_change='ignore') }}
select id, amount {% if var('step') > 1 %}, note{% endif %} from {{ ref('events') }}
