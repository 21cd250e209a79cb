{{ config(materialized='table') }}
select 1 as id, {% if var('wrong') %} 5 {% else %} 'a'::varchar {% endif %} as name
