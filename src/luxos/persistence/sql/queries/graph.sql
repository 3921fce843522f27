-- What a drawing or a list of a graph shows; the graph itself is walked by sql/parts/graph.sql.

-- name: graph_beings
SELECT soul, genesis ->> 'name' AS name, genesis ->> 'type' AS kind, coalesce(energy_level, 0) AS energy_level,
       coalesce(tags @> '{tombstone}', FALSE) AS deleted
FROM base_beings
WHERE soul = ANY ($1::UUID[]);
