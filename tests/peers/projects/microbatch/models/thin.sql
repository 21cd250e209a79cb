{{ config(materialized='view') }}
select id, seen, kind from {{ ref('events') }}
