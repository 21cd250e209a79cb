{{ config(materialized='ephemeral', tags=['daily', 'web']) }}
select * from {{ source('web', 'clicks') }}
