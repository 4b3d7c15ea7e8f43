package upstream

// Told records that the server was told to load an adapter, as after Load.
func (s *Server) Told(name string) { s.told.Store(name, name) }
