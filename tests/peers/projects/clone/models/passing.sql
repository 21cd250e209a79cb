{{ config(materialized='ephemeral') }} select * from {{ ref('kept') }}
