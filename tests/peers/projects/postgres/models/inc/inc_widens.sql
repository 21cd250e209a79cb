{{ config(materialized='incremental') }}
select 1 as id, 'short'::varchar({{ 20 if is_incremental() else 5 }}) as name
