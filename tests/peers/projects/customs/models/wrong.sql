{{ config(materialized='wrong_return', enabled=var('bad', false)) }} select 1
