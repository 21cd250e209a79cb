{{ config(materialized='twice', schema='other', alias='doubled', meta={'a': 1}) }} select 1 as id, 'x' as v
