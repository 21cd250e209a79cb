{{ config(materialized='view') }}
select id, name, active, born, score, zip from {{ ref('plain') }} order by id
