{{ config(materialized='table') }}
select id, name {% if var('day') > 1 %}, amount, 'x' as extra{% endif %} from {{ ref('people') }}
