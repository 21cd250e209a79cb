select id, len(tags) as tag_count, "inner".x as x from {{ source('files', 'lines') }}
