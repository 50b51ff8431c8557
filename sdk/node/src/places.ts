/** In a header, or in a member of the body, which is the whole body if the name is empty. */
export interface Place {
  header?: string
  member?: string
}

/** Where a format puts its event; what it doesn't send is left out. */
export interface Places {
  id?: Place
  type?: Place
  data?: Place
}
