{{ config(materialized='external', format='csv', delimiter='|') }}
select id, name from {{ ref('as_parquet') }}
