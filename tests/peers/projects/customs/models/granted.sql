{{ config(materialized='table', grants={'select': ['reader']}, enabled=var('grant', false)) }} select 1 as id
