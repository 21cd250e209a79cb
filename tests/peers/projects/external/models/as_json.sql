{{ config(materialized='external', format='json') }}
select 1 as a, [1, 2] as b
