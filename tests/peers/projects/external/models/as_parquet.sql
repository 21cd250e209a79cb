{{ config(materialized='external') }}
select * from {{ ref('people') }}
