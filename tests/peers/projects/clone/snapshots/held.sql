{% snapshot held %}{{ config(unique_key='id', strategy='check', check_cols=['word']) }} select * from {{ ref('words') }}{% endsnapshot %}
