{{ config(materialized='incremental', on_schema_change='fail') }}
select id, {% if var('step') > 1 %} amount::varchar as amount, note {% else %} amount, kind {% endif %} from {{ ref('events') }}
