{% snapshot held %}{{ config(unique_key='id', strategy='check', check_cols=['id'], event_time='seen') }} select * from {{ ref('events') }}{% endsnapshot %}
