{{ config(on_schema_change='append_new_columns') }}
select id, amount {% if var('wide') %}, name, 7 as seven{% endif %} from {{ ref('events') }}
where batch = {{ var('batch') }}
