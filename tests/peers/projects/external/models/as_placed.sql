{{ config(materialized='external', location='out/placed_here.parquet', options={'compression': 'zstd'}) }}
select 5 as five
