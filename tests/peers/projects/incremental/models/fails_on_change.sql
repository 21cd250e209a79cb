{{ config(on_schema_change='fail') }}
select id {% if var('wide') %}, 7 as seven{% endif %} from {{ ref('events') }}
where batch = {{ var('batch') }}
