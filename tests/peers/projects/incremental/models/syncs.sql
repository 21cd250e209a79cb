{{ config(on_schema_change='sync_all_columns', unique_key='id') }}
select id, {% if var('wide') %} 7 as seven {% else %} amount {% endif %} from {{ ref('events') }}
where batch = {{ var('batch') }}
