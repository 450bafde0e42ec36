CREATE TABLE entries (id bigserial PRIMARY KEY, key text NOT NULL, value text NOT NULL);
