import posthorn = require('posthorn')

const event = posthorn.verifySync(Buffer.from(''), { 'X-Signature': ['00'] }, undefined, 'signature')
export const type = event.type satisfies string

// @ts-expect-error what the data is, nobody has checked yet
export const userID: string = event.data.userId
