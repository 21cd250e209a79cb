{{ config(materialized='table', alias='named_otherwise') }} select id from {{ ref('passing') }}
